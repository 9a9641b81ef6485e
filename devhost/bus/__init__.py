"""A Service Bus on the state file: queues, topics with subscriptions, and what becomes of messages there."""

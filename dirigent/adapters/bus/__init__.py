"""Messages on their way to Azure Service Bus."""

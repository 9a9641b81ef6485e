"""The Durable Task engine: instances, entities and timers on one store, free of Azure's packages."""

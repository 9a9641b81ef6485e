"""What is told to whoever watches the app; the API of OpenTelemetry alone, for exporters are configured."""

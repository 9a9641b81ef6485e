"""What clients of Azure's services have in common."""

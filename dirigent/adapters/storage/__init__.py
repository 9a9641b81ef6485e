"""What all of Azure Storage has in common."""

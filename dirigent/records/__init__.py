"""What the app keeps: thin modules over the ports Records and Artifacts, for triggers and activities."""

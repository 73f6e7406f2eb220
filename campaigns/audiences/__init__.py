"""Lists of hashed details for the platforms of advertisers; the one place that reads how customers can be reached."""

"""What the runtime has to say: the catalogue of events, and those who listen to them."""

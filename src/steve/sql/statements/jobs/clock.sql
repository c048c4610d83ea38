select steve.now();

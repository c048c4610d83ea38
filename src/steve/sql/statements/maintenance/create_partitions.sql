select steve.create_partitions();

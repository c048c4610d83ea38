select steve.remove_partition(:partition::text);

-- The version of the schema.
select coalesce(max(version), 0) from steve.migration;

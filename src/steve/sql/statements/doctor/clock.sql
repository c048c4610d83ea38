-- The database's clock, whatever steve.now() may have been made to say.
select clock_timestamp();

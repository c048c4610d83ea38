-- What is at the other end: a primary that writes, a standby, or one that was told not to write.
select
    current_setting('server_version') as version,
    pg_is_in_recovery() as standby,
    current_setting('default_transaction_read_only')::boolean as read_only,
    current_database()::text as database,
    current_user::text as role;

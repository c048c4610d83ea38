-- For the rest of this transaction: it changes nothing if :read_only, waits for no lock and no answer
-- longer than so many milliseconds, and what the catalogue says of an object begins with its schema.
select
    case when :read_only::boolean then set_config('transaction_read_only', 'on', true) end,
    set_config('lock_timeout', :lock_timeout::text, true),
    set_config('statement_timeout', :statement_timeout::text, true),
    set_config('search_path', 'pg_catalog', true);

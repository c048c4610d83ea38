-- Asks to be told on a channel when one of these jobs is over, for :seconds from now.
insert into steve.sleeper as s (channel, until, uids)
values (:channel::text, clock_timestamp() + :seconds::double precision * interval '1 second', :uids::uuid[])
on conflict (channel) do update set until = excluded.until, uids = excluded.uids;

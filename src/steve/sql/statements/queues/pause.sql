-- Pauses a queue, also one not seen yet: nothing of it is claimed until it is resumed, or :until.
insert into steve.queue as q (name, paused_at, paused_until, paused_by)
values (:queue::text, steve.now(), :until::timestamptz, :actor::text)
on conflict (name) do update
set paused_at = excluded.paused_at, paused_until = excluded.paused_until, paused_by = excluded.paused_by;

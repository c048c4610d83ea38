-- Creates jobs; returns what the database decided about each.
select j.id, j.uid, j.status, j.created_at, j.run_at
from steve.create_jobs(:jobs::text::jsonb, :actor::text, :resent::boolean) as j;

-- What was done lately, the last first.
select a.id, a.acted_at, a.actor, a.action, a.target, a.changed
from steve.action a
order by a.id desc
limit :limit::bigint;

-- Notes down what somebody did.
insert into steve.action (actor, action, target, changed)
values (:actor::text, :action::text, :target::jsonb, :changed::integer);

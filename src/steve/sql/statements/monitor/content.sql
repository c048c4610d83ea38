-- The whole payload or result of a job, as text.
select case :what::text when 'payload' then j.payload else j.result end::text
from steve.jobs j
where j.uid = :uid::uuid;

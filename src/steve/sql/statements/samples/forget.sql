-- Deletes samples that have been added up to wider ones for long enough.
delete from steve.sample s
using (values (10, interval '2 hours'), (60, '26 hours'), (900, '9 days'), (86400, '400 days')) as k (width, kept)
where s.width = k.width and s.began_at < steve.now() - k.kept;

-- Makes room for an installation that is looked at and taken back.
create schema steve;

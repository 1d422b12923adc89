-- The log: rows of these two tables are written once and never changed.
create table revision (
  number bigint not null primary key,
  time_millis bigint not null,
  author text not null,
  message text not null,
  -- Digest of the revision before: with `digest` the log is a chain, so that an edited row shows.
  previous text not null,
  -- Digest over all objects in force after this revision.
  state text not null,
  digest text not null
);

create table change (
  revision bigint not null,
  position integer not null,
  verb text not null,
  kind text not null,
  namespace text not null,
  name text not null,
  owner text,
  content_revision bigint,
  age_seconds bigint,
  age_revision bigint,
  age_path text,
  age_index integer,
  source_name text,
  first_line integer,
  document_index integer,
  checksum text not null,
  -- Last, so that reading the other columns of a large row stays cheap.
  source_text text,
  primary key (revision, position)
);

create index change_by_object on change (kind, namespace, name, revision);

-- Which row of the log is in force for each object: a start reads these rows alone.
create table current_object (
  kind text not null,
  namespace text not null,
  name text not null,
  revision bigint not null,
  position integer not null,
  primary key (kind, namespace, name)
);

-- Answers that were given, so that a repeated request gets the same one.
create table accepted_request (
  id text not null primary key,
  digest text not null,
  revision bigint not null,
  time_millis bigint not null,
  response ${bytes} not null
);

PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
INSERT INTO flyway_schema_history VALUES(1,'1','revision log','SQL','V1__revision_log.sql',285434084,'','2026-11-22 05:00:16.915',9,1);
CREATE TABLE revision (
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
INSERT INTO revision VALUES(1,1780315200000,'ada','to cart.test','','ee6d671d8afa9e3465e3645156813475790a8730428785cf0805c79027c9f3ad','3b25d5bf7ef6e5b2303f37b88b08291ad0f1640358257947d1398c6499e3e80d');
INSERT INTO revision VALUES(2,1780315200000,'ada','to list.test','3b25d5bf7ef6e5b2303f37b88b08291ad0f1640358257947d1398c6499e3e80d','f641b7f4a37059d1ce50f3ccf63bbad20f89d17debc32fa92688a859f4efaa41','b0f39f5894e4884cad3fa884b1590f6421cb542282596017197bad3b730f4784');
INSERT INTO revision VALUES(3,1780315200000,'ada','to basket.test','b0f39f5894e4884cad3fa884b1590f6421cb542282596017197bad3b730f4784','e98ffbdf81f683060a37ce636073aa3f5e8dac3740d03c7d8b44ea2d506ef3d6','58f8ea5fe9d7ba27f5ebf1e556ab91e3f88992e79e699b5898797d3be5b12056');
INSERT INTO revision VALUES(4,1780315200000,'ada','list goes','58f8ea5fe9d7ba27f5ebf1e556ab91e3f88992e79e699b5898797d3be5b12056','e1bbab086980c769a1ca3ee7c0b923e2c80e61e9979492a36cc2096383493d42','d519ca4ae38bbabc6dcac571560802342afe024fcf3b1a5a4bbfb87ab4f61569');
CREATE TABLE change (
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
INSERT INTO change VALUES(1,0,'created','VirtualService','shop','cart','api',1,1780315200,1,'cart.yaml',0,'cart.yaml',1,0,'ee6d671d8afa9e3465e3645156813475790a8730428785cf0805c79027c9f3ad',replace('apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\nspec: {hosts: [cart.test], http: [{route: [{destination: {host: cart}}]}]}\n','\n',char(10)));
INSERT INTO change VALUES(2,0,'created','VirtualService','shop','list','api',2,1780315200,2,'list.yaml',0,'list.yaml',1,0,'07d450d71875bb9d686d8f7b9fba865d967f4a4da93ba9da1e82e0c9cd25b694',replace('apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: list, namespace: shop}\nspec: {hosts: [list.test], http: [{route: [{destination: {host: cart}}]}]}\n','\n',char(10)));
INSERT INTO change VALUES(3,0,'changed','VirtualService','shop','cart','api',3,1780315200,1,'cart.yaml',0,'cart.yaml',1,0,'e1bbab086980c769a1ca3ee7c0b923e2c80e61e9979492a36cc2096383493d42',replace('apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\nspec: {hosts: [basket.test], http: [{route: [{destination: {host: cart}}]}]}\n','\n',char(10)));
INSERT INTO change VALUES(4,0,'deleted','VirtualService','shop','list',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'713eb7677c6c7378f25f8ead1757f97ef0c7d23d5ea3275327a7acddb92d68d0',NULL);
CREATE TABLE current_object (
  kind text not null,
  namespace text not null,
  name text not null,
  revision bigint not null,
  position integer not null,
  primary key (kind, namespace, name)
);
INSERT INTO current_object VALUES('VirtualService','shop','cart',3,0);
CREATE TABLE accepted_request (
  id text not null primary key,
  digest text not null,
  revision bigint not null,
  time_millis bigint not null,
  response blob not null
);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
CREATE INDEX change_by_object on change (kind, namespace, name, revision);
COMMIT;

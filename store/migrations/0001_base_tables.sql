-- run: in one transaction
-- The two tables, exactly as an earlier store may have made them: those are adopted as they are.
create table if not exists {schema}.conversations (
  id uuid primary key default gen_random_uuid(),
  started_at timestamptz not null default now(),
  model text not null default ''
);

create table if not exists {schema}.messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references {schema}.conversations (id) on delete cascade,
  role text not null check (role in ('user', 'assistant', 'system')),
  content text not null,
  created_at timestamptz not null default now()
);

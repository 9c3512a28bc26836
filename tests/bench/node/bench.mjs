// Node's `postgres` package, as a service in JavaScript would use it.
//
//   node bench.mjs append|thread --dsn DSN [--callers N] [--connections N] [...]
import { parseArgs } from 'node:util';
import postgres from 'postgres';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dsn: { type: 'string' }, // in keyword form: host=FOLDER port=N user=NAME dbname=NAME
    schema: { type: 'string', default: 'plain' },
    callers: { type: 'string', default: '1' },
    connections: { type: 'string', default: '4' },
    warmup: { type: 'string', default: '0.5' },
    seconds: { type: 'string', default: '1' },
    conversations: { type: 'string', default: '1000' },
    conversation: { type: 'string' },
  },
});

const dsn = Object.fromEntries(options.dsn.split(' ').map((word) => word.split('=')));
const sql = postgres({
  path: `${dsn.host}/.s.PGSQL.${dsn.port}`,
  user: dsn.user,
  database: dsn.dbname,
  max: Number(options.connections),
});

const sentence = "The relay of the kettle has clicked 41 times since Tuesday; ";
const content = sentence.repeat(4).slice(0, 200);
const conversationId = () => {
  const number = 1 + Math.floor(Math.random() * Number(options.conversations));
  return `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;
};
const messages = sql(`${options.schema}.messages`);

const calls = {
  append: () =>
    sql`insert into ${messages} (conversation_id, role, content) values (${conversationId()}, 'user', ${content})`,
  thread: () =>
    sql`select id, seq, role, content, metadata, created_at from ${messages}
        where conversation_id = ${options.conversation} order by seq`,
};

const call = calls[positionals[0]];
const units = positionals[0] === 'thread' ? (await call()).length : 1;
const begin = performance.now() + Number(options.warmup) * 1000;
const end = begin + Number(options.seconds) * 1000;
const latencies = [];

async function caller() {
  for (let started = performance.now(); started < end; ) {
    await call();
    const done = performance.now();
    if (done >= begin && done < end) latencies.push((done - started) * 1000);
    started = done;
  }
}

await Promise.all(Array.from({ length: Number(options.callers) }, caller));
await sql.end();
latencies.sort((a, b) => a - b);
const at = (quantile) => latencies[Math.max(Math.ceil(quantile * latencies.length), 1) - 1] ?? 0;
console.log(
  JSON.stringify({
    per_second: (latencies.length * units) / Number(options.seconds),
    calls: latencies.length,
    p50_us: at(0.5),
    p99_us: at(0.99),
    max_us: at(1),
  }),
);

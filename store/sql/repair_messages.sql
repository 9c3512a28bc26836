-- $1 conversation, which is locked. Its messages without a number come behind all others.
update {schema}.messages m
   set seq = ordered.seq
  from (select o.id, held.last_seq + row_number() over (order by o.created_at, o.id) as seq
          from {schema}.messages o,
               (select greatest(c.last_seq, (select max(n.seq) from {schema}.messages n
                                              where n.conversation_id = c.id), 0) as last_seq
                  from {schema}.conversations c
                 where c.id = $1::uuid) as held
         where o.conversation_id = $1::uuid and o.seq is null) as ordered
 where m.conversation_id = $1::uuid and m.id = ordered.id

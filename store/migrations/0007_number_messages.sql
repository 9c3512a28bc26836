-- run: in batches
select {schema}.hwlab_number_conversations(5000)

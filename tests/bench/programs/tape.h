// A fake connection: what libpq sends and receives in one process can be recorded, and then
// answered from memory. So a call costs what our code and libpq's cost, and nothing of a server or
// the kernel.
#pragma once

namespace hwlab::bench {

// Calls of this thread are recorded until the next replay(): only the last exchange counts.
void record();
// How many times something was sent since record().
int exchanges();
// From now on whatever is sent on the recorded connection is dropped, and answered with what the
// server said last.
void replay();

}  // namespace hwlab::bench

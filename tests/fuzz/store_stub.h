// What the stand-in for the store answers to the next call.
#pragma once

namespace hwlab::fuzz {

void set_answer(unsigned answer);
bool has_words_of_others(unsigned answer);

}  // namespace hwlab::fuzz

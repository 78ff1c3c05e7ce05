// What a shared object exports to offer an engine for measurements. It is built on the machine that loads it, by the
// same compiler, so C++ may cross the border; exceptions may not.
#pragma once
#include "bench/engine.h"

extern "C" {
// "1.3.0"; lives as long as the library.
const char* rpBenchEngineVersion();
// nullptr: it does not have these algorithms.
rp::bench::Engine* rpBenchEngine(const rp::bench::EngineSpec& spec);
}

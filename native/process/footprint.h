// What a process holds without need.
#pragma once
#include <cstddef>

namespace rp::process {

// Gives back the pages of programs and libraries, which the kernel reads again from its page cache when they are
// needed, and free heap. What only the start has needed is no memory of this process any more. Returns how many bytes
// of mappings were offered.
size_t shrink();

}  // namespace rp::process

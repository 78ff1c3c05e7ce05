// Kernel parameters under /proc/sys.
#pragma once
#include <string>

namespace rp::dataplane {

// False if the kernel has no such parameter or refuses the value; the caller knows whether that matters.
bool writeSysctl(const std::string& path, const std::string& value);

}  // namespace rp::dataplane

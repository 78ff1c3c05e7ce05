#include "dataplane/sysctl.h"

#include <fcntl.h>

#include "base/fd.h"

namespace rp::dataplane {

bool writeSysctl(const std::string& path, const std::string& value) {
  const Fd fd(::open(("/proc/sys/" + path).c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

}  // namespace rp::dataplane

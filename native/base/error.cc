#include "base/error.h"

#include <cstring>

namespace rp {
namespace {

std::string systemMessage(int err, const std::string& syscall, const std::string& detail) {
  std::string m = syscall;
  if (!detail.empty()) m += " (" + detail + ")";
  return m + ": " + std::strerror(err);
}

}  // namespace

SystemError::SystemError(int e, std::string call, std::string detail)
    : std::runtime_error(systemMessage(e, call, detail)), err(e), syscall(std::move(call)) {}

NetlinkError::NetlinkError(int e, std::string request, std::string text, std::string attr, int off)
    : SystemError(e, std::move(request), text), extack(std::move(text)), attribute(std::move(attr)), offset(off) {}

UnsupportedError::UnsupportedError(std::string f, std::string kernel)
    : std::runtime_error(f + " is not available here" + (kernel.empty() ? "" : " (needs Linux " + kernel + ")")),
      feature(std::move(f)),
      minimumKernel(std::move(kernel)) {}

}  // namespace rp

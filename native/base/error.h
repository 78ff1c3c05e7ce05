// What native code throws. native/node/guard.h turns each into the JavaScript class of the same name (lib/errors.ts).
#pragma once
#include <stdexcept>
#include <string>

namespace rp {

// A system call failed. `syscall` is its name, `detail` what was being done ("bind 0.0.0.0:500").
class SystemError : public std::runtime_error {
 public:
  SystemError(int err, std::string syscall, std::string detail = {});
  const int err;
  const std::string syscall;
};

// The kernel refused a netlink request. `extack` is the kernel's own text (may be empty), `attribute` the name of the
// attribute it pointed at (may be empty), `offset` that attribute's offset in the request or -1.
class NetlinkError : public SystemError {
 public:
  NetlinkError(int err, std::string request, std::string extack, std::string attribute = {}, int offset = -1);
  const std::string extack;
  const std::string attribute;
  const int offset;
};

// This kernel, CPU or build lacks `feature`; `minimumKernel` is the first version that has it (may be empty).
class UnsupportedError : public std::runtime_error {
 public:
  UnsupportedError(std::string feature, std::string minimumKernel = {});
  const std::string feature;
  const std::string minimumKernel;
};

// The caller passed something that cannot be: the message names the property.
class ArgumentError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// The object was closed.
class ClosedError : public std::logic_error {
 public:
  explicit ClosedError(const std::string& what) : std::logic_error(what + " is closed") {}
};

}  // namespace rp

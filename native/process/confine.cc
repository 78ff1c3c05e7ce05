#include "process/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace rp::process {
namespace {

constexpr int kCapabilities = 64;

bool holds(uint64_t mask, int capability) { return (mask >> capability & 1) != 0; }

void limitBoundingSet(uint64_t keep) {
  for (int c = 0; c < kCapabilities; ++c) {
    if (holds(keep, c)) continue;
    const int there = ::prctl(PR_CAPBSET_READ, c, 0, 0, 0);
    if (there < 0) return;  // the kernel knows no capability of this number, nor any above
    if (there == 1 && ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
      throw SystemError(errno, "prctl", "PR_CAPBSET_DROP " + std::to_string(c));
  }
}

void become(const User& user) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) throw SystemError(errno, "prctl", "PR_SET_KEEPCAPS");
  // The system calls, not glibc's wrappers: those change every thread, and here the others are about to end.
  if (::syscall(SYS_setgroups, 0, nullptr) != 0) throw SystemError(errno, "setgroups");
  if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) throw SystemError(errno, "setresgid");
  if (::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) throw SystemError(errno, "setresuid");
}

void setCapabilities(uint64_t keep) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) throw SystemError(errno, "capget");
  for (int i = 0; i < 2; ++i) {
    const auto wanted = static_cast<uint32_t>(keep >> (32 * i));
    // What the process does not have it cannot keep.
    data[i].permitted &= wanted;
    data[i].effective = data[i].inheritable = data[i].permitted;
  }
  if (::syscall(SYS_capset, &header, data) != 0) throw SystemError(errno, "capset");
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int c = 0; c < kCapabilities; ++c) {
    if ((data[c / 32].permitted >> (c % 32) & 1) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) != 0)
      throw SystemError(errno, "prctl", "PR_CAP_AMBIENT_RAISE " + std::to_string(c));
  }
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

}  // namespace

void confine(uint64_t keep, const std::optional<User>& user, const std::string& file,
             const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  limitBoundingSet(keep);
  if (user) become(*user);
  setCapabilities(keep);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SystemError(errno, "prctl", "PR_SET_NO_NEW_PRIVS");
  // Node keeps its own descriptors from children, the standard ones too.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)::fcntl(fd, F_SETFD, 0);
  auto argv = pointers(arguments), envp = pointers(environment);
  ::execve(file.c_str(), argv.data(), envp.data());
  throw SystemError(errno, "execve", file);
}

}  // namespace rp::process

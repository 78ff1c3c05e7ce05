// Least privilege: this process as another one with few capabilities (capabilities(7)).
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rp::process {

struct User {
  uid_t uid;
  gid_t gid;
};

// Replaces this process by `file` with `arguments` (the first is argv[0]) and `environment` ("NAME=value"), which then
// has the capabilities of the mask `keep` and can never have others: the bounding set loses the rest, set-user-ID
// programs bring nothing. A program that replaces itself takes all of its threads along, which capset(2), a matter of
// one thread, does not. With `user` it runs as that user and its capabilities are ambient. Needs CAP_SETPCAP;
// CAP_SETUID and CAP_SETGID for `user`. Throws SystemError; then the calling thread may already have lost capabilities
// and the process had better end.
void confine(uint64_t keep, const std::optional<User>& user, const std::string& file,
             const std::vector<std::string>& arguments, const std::vector<std::string>& environment);

}  // namespace rp::process

// Builds one netlink request and remembers where each attribute stands, by its kernel name.
#pragma once
#include <string>
#include <vector>

#include "base/wipe.h"
#include "netlink/attribute.h"

namespace rp::netlink {

class Request {
 public:
  // `fixed` is the struct that follows nlmsghdr: rtmsg, ifaddrmsg... NLM_F_REQUEST is added.
  template <class H>
  Request(uint16_t type, uint16_t flags, const H& fixed) {
    static_assert(std::is_trivially_copyable_v<H>);
    start(type, flags, Bytes(reinterpret_cast<const uint8_t*>(&fixed), sizeof fixed));
  }

  // Without a fixed struct: what follows nlmsghdr are attributes.
  Request(uint16_t type, uint16_t flags) { start(type, flags, Bytes{}); }

  // Throws ArgumentError naming the attribute when the payload does not fit nla_len.
  void put(AttributeType type, Bytes payload);
  template <class T>
    requires(std::is_trivially_copyable_v<T> && !std::is_convertible_v<T, Bytes>)
  void put(AttributeType type, const T& value) {
    put(type, Bytes(reinterpret_cast<const uint8_t*>(&value), sizeof value));
  }
  // With the terminating NUL that NLA_STRING attributes carry by custom.
  void putString(AttributeType type, const std::string& text);

  // `body` writes the nested attributes.
  template <class Body>
  void nest(AttributeType type, Body&& body) {
    const size_t at = bytes_.size();
    put({static_cast<uint16_t>(type.value | NLA_F_NESTED), type.name}, Bytes{});
    body();
    close(at, type.name);
  }
  // A fixed struct inside a nest, without an attribute header (ifinfomsg in VETH_INFO_PEER).
  template <class H>
  void raw(const H& fixed) {
    append(Bytes(reinterpret_cast<const uint8_t*>(&fixed), sizeof fixed));
  }

  uint16_t type() const { return header().nlmsg_type; }
  uint32_t sequence() const { return header().nlmsg_seq; }
  void prepare(uint32_t sequence, uint16_t moreFlags);
  Bytes bytes() const { return bytes_; }
  // The kernel name of the attribute that starts at `offset`, or "".
  const char* attributeAt(uint32_t offset) const;

 private:
  struct Mark {
    uint32_t offset;
    const char* name;
  };
  void start(uint16_t type, uint16_t flags, Bytes fixed);
  void append(Bytes bytes);
  void close(size_t at, const char* name);
  nlmsghdr header() const;
  void updateLength();

  SecretBytes bytes_;  // an SA carries its keys
  std::vector<Mark> marks_;
};

}  // namespace rp::netlink

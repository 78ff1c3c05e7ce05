#include "netlink/request.h"

#include "base/bytes.h"
#include "base/error.h"

namespace rp::netlink {

void Request::start(uint16_t type, uint16_t flags, Bytes fixed) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = flags | NLM_F_REQUEST;
  raw(header);
  append(fixed);
}

void Request::append(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  updateLength();
}

void Request::put(AttributeType type, Bytes payload) {
  const size_t length = NLA_HDRLEN + payload.size();
  if (length > UINT16_MAX) throw ArgumentError(std::string(type.name) + " is longer than an attribute can be");
  marks_.push_back({static_cast<uint32_t>(bytes_.size()), type.name});
  raw(nlattr{static_cast<uint16_t>(length), type.value});
  append(payload);
}

void Request::putString(AttributeType type, const std::string& text) {
  put(type, Bytes(reinterpret_cast<const uint8_t*>(text.c_str()), text.size() + 1));
}

void Request::close(size_t at, const char* name) {
  const size_t length = bytes_.size() - at;
  if (length > UINT16_MAX) throw ArgumentError(std::string(name) + " is longer than an attribute can be");
  store(bytes_.data() + at, static_cast<uint16_t>(length));
}

nlmsghdr Request::header() const { return load<nlmsghdr>(bytes_.data()); }

void Request::updateLength() { store(bytes_.data(), static_cast<uint32_t>(bytes_.size())); }

void Request::prepare(uint32_t sequence, uint16_t moreFlags) {
  nlmsghdr h = header();
  h.nlmsg_seq = sequence;
  h.nlmsg_flags |= moreFlags;
  store(bytes_.data(), h);
}

const char* Request::attributeAt(uint32_t offset) const {
  for (const Mark& mark : marks_) {
    if (mark.offset == offset) return mark.name;
  }
  return "";
}

}  // namespace rp::netlink

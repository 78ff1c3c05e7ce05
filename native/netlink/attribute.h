// Netlink attributes: bounded iteration over untrusted bytes, and typed loads.
#pragma once
#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace rp::netlink {

using Bytes = std::span<const uint8_t>;

// An attribute's number with its kernel name, so that a refusal can name what the kernel pointed at: NLA(RTA_DST).
struct AttributeType {
  uint16_t value;
  const char* name;
};
#define NLA(constant) \
  ::rp::netlink::AttributeType { static_cast<uint16_t>(constant), #constant }

struct Attribute {
  uint16_t type = 0;  // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  Bytes payload;

  // The first sizeof(T) octets, or nothing if there are fewer. Newer kernels may append to a struct, so more is fine.
  template <class T>
  std::optional<T> as() const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (payload.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  template <class T>
  T asOr(T otherwise) const {
    return as<T>().value_or(otherwise);
  }
  // Up to the first NUL or the end.
  std::string_view asString() const {
    const char* text = reinterpret_cast<const char*>(payload.data());
    return {text, payload.empty() ? 0 : strnlen(text, payload.size())};
  }
};

// `for (const Attribute& a : Attributes(bytes))`. Stops at the first attribute that does not fit.
class Attributes {
 public:
  explicit Attributes(Bytes bytes) : bytes_(bytes) {}

  class Iterator {
   public:
    explicit Iterator(Bytes rest) : rest_(rest) { load(); }
    const Attribute& operator*() const { return current_; }
    const Attribute* operator->() const { return &current_; }
    Iterator& operator++() {
      rest_ = rest_.subspan(step_);
      load();
      return *this;
    }
    bool operator==(std::nullptr_t) const { return step_ == 0; }

   private:
    void load() {
      step_ = 0;
      nlattr header;
      if (rest_.size() < NLA_HDRLEN) return;
      std::memcpy(&header, rest_.data(), sizeof header);
      if (header.nla_len < NLA_HDRLEN || header.nla_len > rest_.size()) return;
      current_.type = header.nla_type & NLA_TYPE_MASK;
      current_.payload = rest_.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
      const size_t aligned = NLA_ALIGN(header.nla_len);
      step_ = aligned < rest_.size() ? aligned : rest_.size();
    }
    Bytes rest_;
    Attribute current_;
    size_t step_ = 0;
  };

  Iterator begin() const { return Iterator(bytes_); }
  std::nullptr_t end() const { return nullptr; }

 private:
  Bytes bytes_;
};

}  // namespace rp::netlink

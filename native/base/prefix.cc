#include "base/prefix.h"

#include <charconv>

#include "base/error.h"

namespace rp {

Prefix Prefix::parse(std::string_view text, const char* property) {
  const size_t slash = text.find('/');
  Prefix prefix;
  prefix.address = Address::parse(text.substr(0, slash), property);
  prefix.length = prefix.address.bitLength();
  if (slash == text.npos) return prefix;
  const char* first = text.data() + slash + 1;
  const char* last = text.data() + text.size();
  unsigned length = 0;
  const auto [end, error] = std::from_chars(first, last, length);
  if (error != std::errc{} || end != last || length > prefix.length) {
    throw ArgumentError(std::string(property) + ": not a prefix: " + std::string(text));
  }
  prefix.length = static_cast<uint8_t>(length);
  return prefix;
}

std::string Prefix::toString() const { return address.toString() + "/" + std::to_string(length); }

}  // namespace rp

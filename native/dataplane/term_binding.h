// What SAs and policies have in common, as JavaScript says it (lib/dataplane/dataplane.ts).
#pragma once
#include <initializer_list>
#include <string>
#include <utility>

#include "base/error.h"
#include "dataplane/sa.h"
#include "node/object_reader.h"

namespace rp::dataplane {

// All of these throw ArgumentError naming the property.

template <class E>
E oneOf(const node::ObjectReader& r, const char* name, std::initializer_list<std::pair<const char*, E>> names) {
  const std::string text = r.string(name);
  for (const auto& [n, value] : names)
    if (text == n) return value;
  throw ArgumentError(r.at(name) + ": unknown: " + text);
}

esp::Mode modeOf(const node::ObjectReader& r);
Direction directionOf(const node::ObjectReader& r);
esp::Protocol protocolOf(const node::ObjectReader& r);
// Of that name, or ArgumentError in the words of `where`.
esp::Protocol protocolNamed(const std::string& name, const std::string& where);
const char* protocolName(esp::Protocol protocol);
Address addressOf(const node::ObjectReader& r, const char* name);
Selector selectorOf(const node::ObjectReader& r);

}  // namespace rp::dataplane

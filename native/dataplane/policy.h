// One entry of the SPD (RFC 4301 4.4.1), plain data.
#pragma once
#include <cstdint>
#include <vector>

#include "dataplane/selector.h"
#include "esp/sa_parameters.h"

namespace rp::dataplane {

enum class Action : uint8_t { kNone, kDiscard, kEncrypt };
enum class Level : uint8_t { kUse, kRequire, kUnique };

// One SA of a bundle (RFC 4301 4.4.1.2).
struct Template {
  esp::Protocol protocol = esp::Protocol::esp;
  esp::Mode mode = esp::Mode::tunnel;
  // Outer addresses in the outbound direction; version 0: any.
  Address src, dst;
  uint32_t reqid = 0;
  // Without such an SA the packet goes on without it.
  bool optional = false;

  friend bool operator==(const Template&, const Template&) = default;
};

struct Policy {
  uint32_t id = 0;
  Selector selector;
  Action action = Action::kNone;
  Level level = Level::kRequire;
  // The transform, if there is one alone: then `bundle` is empty. Otherwise all of them stand there, innermost first.
  esp::Protocol protocol = esp::Protocol::esp;
  std::vector<Template> bundle;
  esp::Mode mode = esp::Mode::tunnel;
  // Outer addresses the SA must have; version 0: any.
  Address saSrc, saDst;
  uint32_t reqid = 0;

  friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace rp::dataplane

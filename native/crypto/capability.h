// Which implementation does the work of each algorithm here, and for which features of the CPU.
#pragma once
#include <string>
#include <vector>

namespace rp::crypto {

struct Capability {
  const char* algorithm;
  // The first implementation that has the kernel in use: `aesni` where `vaes` takes over the one of `aesni`.
  const char* implementation;
};

std::vector<Capability> capabilities();

}  // namespace rp::crypto

// Which compiler made which part of this binary.
#pragma once
#include <string>
#include <vector>

namespace rp::bench {

struct Compiler {
  std::string unit;     // "avx512_gcm.cc": a unit that knows the kernels
  std::string version;  // "gcc 12.2.0"
};
std::vector<Compiler> compilers();

}  // namespace rp::bench

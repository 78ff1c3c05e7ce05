// Gbit/s of the CBC ciphers by themselves, without integrity, beside OpenSSL and libgcrypt, in one interleaved run:
// 64 packets of 64, 256 and 1400 bytes under one key. Not part of the package.
//
//   cmake -B build/cmake -DRP_BENCH=ON -DCMAKE_BUILD_TYPE=Release && cmake --build build/cmake --target cbc_ciphers
//   build/cmake/cbc_ciphers
#include <gcrypt.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "crypto/implementation.h"
#include "crypto/kernel.h"

using namespace rp::crypto;

namespace {

struct Cipher {
  const char* name;
  CipherKernel Implementation::* kernel;
  size_t keyBytes, block;
  const char* openssl;  // nullptr: it has none
  int gcrypt;
};
constexpr Cipher kCiphers[] = {
    {"des-cbc", &Implementation::desCbc, 8, 8, "DES-CBC", GCRY_CIPHER_DES},
    {"3des-cbc", &Implementation::tripleDesCbc, 24, 8, "DES-EDE3-CBC", GCRY_CIPHER_3DES},
    {"blowfish-cbc", &Implementation::blowfishCbc, 16, 8, "BF-CBC", GCRY_CIPHER_BLOWFISH},
    {"twofish-cbc", &Implementation::twofishCbc, 16, 16, nullptr, GCRY_CIPHER_TWOFISH128},
    {"camellia-128-cbc", &Implementation::camelliaCbc, 16, 16, "CAMELLIA-128-CBC", GCRY_CIPHER_CAMELLIA128},
    {"camellia-256-cbc", &Implementation::camelliaCbc, 32, 16, "CAMELLIA-256-CBC", GCRY_CIPHER_CAMELLIA256},
};
constexpr size_t kPackets = 64, kStride = 1472;
constexpr int kRounds = 41;

struct Runner {
  std::string name;
  std::function<void(bool encrypt, uint8_t* packets, size_t bytes)> run;
  std::vector<double> seconds;
};

// Of this thread's own time, so that what else runs does not count.
double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
  return v[v.size() / 2];
}

}  // namespace

int main() {
  gcry_check_version(nullptr);
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  OSSL_PROVIDER_load(nullptr, "legacy");
  OSSL_PROVIDER_load(nullptr, "default");
  std::printf("%s, libgcrypt %s\n", OpenSSL_version(OPENSSL_VERSION), gcry_check_version(nullptr));
  std::printf("%-18s%-22s%s\n", "Gbit/s, medians", "", "   64 enc    dec   256 enc    dec  1400 enc    dec");
  uint8_t iv[16] = {7};
  for (const Cipher& c : kCiphers) {
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++) key[i] = uint8_t(37 * i + 11);
    std::vector<Runner> runners;
    for (const Implementation* i : implementations()) {
      const CipherKernel& k = i->*c.kernel;
      void* context = std::aligned_alloc(64, (k.contextBytes + 63) & ~size_t(63));
      std::memset(context, 0, k.contextBytes);
      k.expand(context, key, c.keyBytes);
      runners.push_back({std::string("routeplane:") + name(*i),
                         [&, k, context](bool encrypt, uint8_t* packets, size_t bytes) {
                           CipherJob jobs[kPackets];
                           for (size_t p = 0; p < kPackets; p++) {
                             jobs[p] = {context, {}, packets + kStride * p, bytes};
                             std::memcpy(jobs[p].iv, iv, 16);
                           }
                           const auto many = encrypt ? k.encryptMany : k.decryptMany;
                           if (many != nullptr) return many(jobs, kPackets);
                           const auto one = encrypt ? k.encrypt : k.decrypt;
                           for (const CipherJob& j : jobs) one(context, j.iv, j.text, j.bytes);
                         },
                         {}});
    }
    if (c.openssl != nullptr) {
      EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, c.openssl, nullptr);
      if (cipher == nullptr) std::printf("%s: OpenSSL has it not here\n", c.name);
      EVP_CIPHER_CTX* contexts[2] = {EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_new()};
      for (const int encrypt : {0, 1}) {
        if (cipher != nullptr) EVP_CipherInit_ex2(contexts[encrypt], cipher, key, iv, encrypt, nullptr);
        EVP_CIPHER_CTX_set_padding(contexts[encrypt], 0);
      }
      if (cipher != nullptr) {
        runners.push_back({"openssl",
                           [&, contexts](bool encrypt, uint8_t* packets, size_t bytes) {
                             for (size_t p = 0; p < kPackets; p++) {
                               int n;
                               EVP_CipherInit_ex2(contexts[encrypt], nullptr, nullptr, iv, -1, nullptr);
                               EVP_CipherUpdate(contexts[encrypt], packets + kStride * p, &n, packets + kStride * p,
                                                int(bytes));
                             }
                           },
                           {}});
      }
    }
    gcry_cipher_hd_t handle;
    gcry_cipher_open(&handle, c.gcrypt, GCRY_CIPHER_MODE_CBC, 0);
    gcry_cipher_setkey(handle, key, c.keyBytes);
    runners.push_back({"libgcrypt",
                       [&, handle](bool encrypt, uint8_t* packets, size_t bytes) {
                         for (size_t p = 0; p < kPackets; p++) {
                           gcry_cipher_setiv(handle, iv, c.block);
                           const auto f = encrypt ? gcry_cipher_encrypt : gcry_cipher_decrypt;
                           f(handle, packets + kStride * p, bytes, nullptr, 0);
                         }
                       },
                       {}});

    std::vector<std::string> lines(runners.size());
    for (const size_t size : {64, 256, 1400}) {
      const size_t bytes = size / c.block * c.block;
      for (const bool encrypt : {true, false}) {
        std::vector<uint8_t> reference;
        for (Runner& r : runners) {
          r.seconds.clear();
          std::vector<uint8_t> packets(kPackets * kStride, 5);
          r.run(encrypt, packets.data(), bytes);
          if (reference.empty()) reference = packets;
          if (packets != reference) {
            std::fprintf(stderr, "%s: %s differs\n", c.name, r.name.c_str());
            return 1;
          }
        }
        std::vector<uint8_t> packets(kPackets * kStride, 5);
        for (int round = 0; round < kRounds; round++) {
          for (Runner& r : runners) {
            const double start = seconds();
            r.run(encrypt, packets.data(), bytes);
            r.seconds.push_back(seconds() - start);
          }
        }
        for (size_t i = 0; i < runners.size(); i++) {
          char cell[32];
          std::snprintf(cell, sizeof cell, encrypt ? "%9.2f" : "%7.2f",
                        double(kPackets * bytes * 8) / median(runners[i].seconds) / 1e9);
          lines[i] += cell;
        }
      }
    }
    for (size_t i = 0; i < runners.size(); i++) {
      std::printf("%-18s%-22s%s\n", c.name, runners[i].name.c_str(), lines[i].c_str());
    }
  }
}

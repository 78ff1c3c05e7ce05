// The frame ports of one packet thread, and where packets go through them.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/frame_port.h"
#include "dataplane/options.h"
#include "rtnl/next_hops.h"

namespace rp::dataplane {

// What became of an interface that was to go past the kernel.
struct XdpState {
  std::string interface;
  bool active = false;
  // The mode if it is active, else why it is not: the sockets do its work then.
  std::string detail;
};

class FramePorts {
 public:
  // Of Options::xdp what is this thread's. `first` is the thread that has made the programs, or nullptr for itself. An
  // interface that does not exist is a SystemError; one that cannot is left to the sockets.
  FramePorts(const Options& options, size_t index, const FramePorts* first);

  bool any() const { return !ports_.empty(); }
  const std::vector<std::unique_ptr<FramePort>>& all() const { return ports_; }
  std::vector<XdpState> states() const { return states_; }

  // Readable when refresh() is due; -1 if there is nothing to do.
  int monitor() const { return hops_ ? hops_->fd() : -1; }
  // Follows routes, neighbours and, in the first thread, the addresses of this host and an interface that comes back:
  // its port is a new one, and its index is returned.
  std::vector<size_t> refresh();

  // Queues a whole IP packet, whose bytes stay until flush(). False: the sockets have to send it.
  bool send(std::span<const uint8_t> packet, const Address& destination, uint64_t nowNs);
  // How many the devices did not take.
  size_t flush();

 private:
  struct Slot {
    std::shared_ptr<FrameInterface> interface;
    uint32_t port;
    bool lost;
  };
  // Takes an interface by the best means that it has.
  void open(const std::string& name);
  // This thread's ports of it: all of them, or an exception.
  void add(const std::shared_ptr<FrameInterface>& interface);
  void follow();
  void setState(const std::string& interface, bool active, const std::string& detail);

  const uint32_t frames_, threads_, index_;
  const uint16_t natPort_;
  const FrameMeans means_;
  // A port whose interface is lost stays in its place.
  std::vector<std::unique_ptr<FramePort>> ports_;
  std::vector<Slot> slots_;
  std::vector<XdpState> states_;
  std::unique_ptr<rtnl::NextHops> hops_;
  bool first_;
};

}  // namespace rp::dataplane

// SPDX-License-Identifier: GPL-2.0
/* vphc: pairs of virtual Ethernet devices (vphc0<->vphc1, vphc2<->vphc3, ...), each with its own
 * adjustable PTP hardware clock and with hardware RX/TX timestamps on a virtual wire.
 *
 *   tx stamp = PHC_a(raw)          rx stamp = PHC_b(raw + delay + jitter),   raw = CLOCK_MONOTONIC_RAW at xmit
 *
 * so scheduling noise of the host never enters the timestamps: what a PTP stack measures is exactly
 * what the module parameters say, and "truth" (PHC difference at one instant) can be read back.
 * Lab asset for testing PTP user space, see README.md. Builds for Linux 6.1 to 6.12.
 */
#include <linux/module.h>
#include <linux/version.h>
#include <linux/netdevice.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/random.h>
#include <linux/math64.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/hrtimer.h>
#include <linux/timekeeping.h>

#define KERNEL_SINCE(a, b) (LINUX_VERSION_CODE >= KERNEL_VERSION(a, b, 0))
#if !KERNEL_SINCE(6, 11)
#define kernel_ethtool_ts_info ethtool_ts_info  /* renamed, same fields */
#endif

#define MAXDEV 16
static int pairs = 1;
module_param(pairs, int, 0444);
static int drift_ppb[MAXDEV];           /* oscillator error of each PHC, writable at run time */
module_param_array(drift_ppb, int, NULL, 0644);
static long start_ns[MAXDEV];           /* initial PHC offset from CLOCK_REALTIME+37s (TAI) */
module_param_array(start_ns, long, NULL, 0444);
static long delay_ns[MAXDEV];           /* wire delay INTO device i */
module_param_array(delay_ns, long, NULL, 0644);
static int jitter_ns[MAXDEV];           /* uniform +-jitter into device i */
module_param_array(jitter_ns, int, NULL, 0644);
static int quant_ns[MAXDEV];            /* timestamp granularity of device i (0/1 = 1 ns; 8 = 125 MHz) */
module_param_array(quant_ns, int, NULL, 0644);
static int phc_of[MAXDEV] = { [0 ... MAXDEV - 1] = -1 };  /* device i shares the PHC of device phc_of[i] < i (boundary clock box) */
module_param_array(phc_of, int, NULL, 0444);
static int rx_filters[MAXDEV];          /* BIT(HWTSTAMP_FILTER_*) that device i takes; 0 = any, as HWTSTAMP_FILTER_ALL */
module_param_array(rx_filters, int, NULL, 0644);
static int drop_txts;                   /* drop every Nth TX timestamp of a device (0 = never) */
module_param(drop_txts, int, 0644);
static int drop_rx;                     /* lose every Nth frame of a sending device (0 = never) */
module_param(drop_rx, int, 0644);

struct vphc {
	struct net_device *dev;
	struct vphc *peer;
	struct vphc *c;                 /* owner of the PHC this port uses */
	int id;
	u64 n;                          /* frames sent */
	int tx_type, rx_filter;         /* enum hwtstamp_tx_types, hwtstamp_rx_filters */
	s64 pdelay_req;                 /* when the last Pdelay_Req came, for one-step answers */

	/* the PHC: reads base_phc (+ base_frac / 2^48 ns) at CLOCK_MONOTONIC_RAW base_raw */
	spinlock_t lock;
	u64 base_raw;
	s64 base_phc;
	u64 base_frac;
	s64 scaled_ppm;                 /* as given to adjfine: 2^-16 ppm */
	int drift_applied;
	struct ptp_clock_info info;
	struct ptp_clock *clock;

	/* pin 1 is wired to pin 0: what the periodic output does the external timestamp channel sees */
	struct ptp_pin_desc pins[2];
	struct hrtimer edge;
	s64 next_edge, edge_period;     /* 0: no output */
	bool extts;
};
static struct vphc *vp[MAXDEV];

/* ---- the clock ---- */

#define RATE_SHIFT 48
#define FRAC_MASK ((1ULL << RATE_SHIFT) - 1)

static u64 rate_of(struct vphc *v)
{
	/* 2^48 * (1 + drift/1e9 + scaled_ppm/65536/1e6) */
	s64 drift = div_s64((s64)v->drift_applied * 281474977LL, 1000);         /* 2^48/1e9 = 281474.976710656 */
	s64 adj = div_s64(v->scaled_ppm * 4294967LL, 1000) + div_s64(v->scaled_ppm * 296LL, 1000000);  /* 2^48/65536/1e6 = 4294.967296 */

	return (1LL << RATE_SHIFT) + drift + adj;
}

static s64 phc_at(struct vphc *v, u64 raw, u64 *frac)      /* lock held */
{
	u64 rate = rate_of(v), d = raw - v->base_raw, f;

	*frac = 0;
	if (raw < v->base_raw)          /* another CPU rebased a moment after raw was taken */
		return v->base_phc - mul_u64_u64_shr(-d, rate, RATE_SHIFT);
	f = ((d * rate) & FRAC_MASK) + v->base_frac;
	*frac = f & FRAC_MASK;
	return v->base_phc + mul_u64_u64_shr(d, rate, RATE_SHIFT) + (f >> RATE_SHIFT);
}

static void rebase(struct vphc *v, u64 raw)     /* lock held; to be called before the rate changes */
{
	v->base_phc = phc_at(v, raw, &v->base_frac);
	v->base_raw = raw;
}

static s64 phc_read(struct vphc *v, u64 raw)
{
	unsigned long flags;
	u64 frac;
	s64 t;

	spin_lock_irqsave(&v->lock, flags);
	if (v->drift_applied != drift_ppb[v->id]) {
		rebase(v, raw);
		v->drift_applied = drift_ppb[v->id];
	}
	t = phc_at(v, raw, &frac);
	spin_unlock_irqrestore(&v->lock, flags);
	return t;
}

static s64 quant(struct vphc *v, s64 t)
{
	int q = quant_ns[v->id];

	return q > 1 ? div_s64(t, q) * q : t;
}

static int vphc_adjfine(struct ptp_clock_info *i, long scaled_ppm)
{
	struct vphc *v = container_of(i, struct vphc, info);
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	rebase(v, ktime_get_raw_ns());
	v->scaled_ppm = scaled_ppm;
	spin_unlock_irqrestore(&v->lock, flags);
	return 0;
}

static int vphc_adjtime(struct ptp_clock_info *i, s64 delta)
{
	struct vphc *v = container_of(i, struct vphc, info);
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	v->base_phc += delta;
	spin_unlock_irqrestore(&v->lock, flags);
	return 0;
}

static int vphc_adjphase(struct ptp_clock_info *i, s32 phase)
{
	return vphc_adjtime(i, phase);
}

#if KERNEL_SINCE(6, 5)
static s32 vphc_getmaxphase(struct ptp_clock_info *i)
{
	return 1000000;
}
#endif

static int vphc_gettimex64(struct ptp_clock_info *i, struct timespec64 *ts, struct ptp_system_timestamp *sts)
{
	struct vphc *v = container_of(i, struct vphc, info);
	u64 raw;

	ptp_read_system_prets(sts);
	raw = ktime_get_raw_ns();
	ptp_read_system_postts(sts);
	*ts = ns_to_timespec64(quant(v, phc_read(v, raw)));
	return 0;
}

static int vphc_settime64(struct ptp_clock_info *i, const struct timespec64 *ts)
{
	struct vphc *v = container_of(i, struct vphc, info);
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	v->base_raw = ktime_get_raw_ns();
	v->base_phc = timespec64_to_ns(ts);
	v->base_frac = 0;
	spin_unlock_irqrestore(&v->lock, flags);
	return 0;
}

/* PTP_SYS_OFFSET_PRECISE */
static int vphc_getcrosststamp(struct ptp_clock_info *i, struct system_device_crosststamp *x)
{
	struct vphc *v = container_of(i, struct vphc, info);
	struct system_time_snapshot now;

	ktime_get_snapshot(&now);
	x->device = ns_to_ktime(phc_read(v, ktime_to_ns(now.raw)));
	x->sys_realtime = now.real;
	x->sys_monoraw = now.raw;
	return 0;
}

/* ---- its pins ---- */

static int vphc_verify(struct ptp_clock_info *i, unsigned int pin, enum ptp_pin_function func, unsigned int chan)
{
	return chan != 0 || func == PTP_PF_PHYSYNC || (func == PTP_PF_EXTTS && pin != 0) ||
		(func == PTP_PF_PEROUT && pin != 1) ? -EOPNOTSUPP : 0;
}

static enum hrtimer_restart vphc_edge(struct hrtimer *t)
{
	struct vphc *v = container_of(t, struct vphc, edge);
	s64 now = phc_read(v, ktime_get_raw_ns());
	struct ptp_clock_event e = { .type = PTP_CLOCK_EXTTS, .index = 0 };

	if (!v->edge_period)
		return HRTIMER_NORESTART;
	/* the clock was set far ahead: the edges in between never were */
	if (now - v->next_edge > 16 * v->edge_period)
		v->next_edge += div64_s64(now - v->next_edge, v->edge_period) * v->edge_period;
	for (; v->next_edge <= now; v->next_edge += v->edge_period) {
		e.timestamp = v->next_edge;
		if (v->extts)
			ptp_clock_event(v->clock, &e);
	}
	hrtimer_forward_now(t, ns_to_ktime(clamp_t(s64, v->next_edge - now, 10000, NSEC_PER_SEC)));
	return HRTIMER_RESTART;
}

static int vphc_enable(struct ptp_clock_info *i, struct ptp_clock_request *rq, int on)
{
	struct vphc *v = container_of(i, struct vphc, info);
	s64 period, start;

	if (rq->type == PTP_CLK_REQ_EXTTS) {
		if (on && ptp_find_pin(v->clock, PTP_PF_EXTTS, 0) < 0)
			return -EBUSY;
		v->extts = on;
		return 0;
	}
	if (rq->type != PTP_CLK_REQ_PEROUT || rq->perout.flags)
		return -EOPNOTSUPP;
	hrtimer_cancel(&v->edge);
	v->edge_period = 0;
	if (!on)
		return 0;
	if (ptp_find_pin(v->clock, PTP_PF_PEROUT, 0) < 0)
		return -EBUSY;
	period = rq->perout.period.sec * NSEC_PER_SEC + rq->perout.period.nsec;
	start = rq->perout.start.sec * NSEC_PER_SEC + rq->perout.start.nsec;
	if (period < NSEC_PER_MSEC)
		return -ERANGE;
	if (start < phc_read(v, ktime_get_raw_ns()))
		start += (div64_s64(phc_read(v, ktime_get_raw_ns()) - start, period) + 1) * period;
	v->next_edge = start;
	v->edge_period = period;
	hrtimer_start(&v->edge, 0, HRTIMER_MODE_REL);
	return 0;
}

static const struct ptp_clock_info phc_info = {
	.owner = THIS_MODULE,
	.max_adj = 100000000,
	.adjfine = vphc_adjfine,
	.adjtime = vphc_adjtime,
	.adjphase = vphc_adjphase,
#if KERNEL_SINCE(6, 5)
	.getmaxphase = vphc_getmaxphase,
#endif
	.gettimex64 = vphc_gettimex64,
	.settime64 = vphc_settime64,
	.getcrosststamp = vphc_getcrosststamp,
	.n_pins = 2,
	.n_ext_ts = 1,
	.n_per_out = 1,
	.verify = vphc_verify,
	.enable = vphc_enable,
};

/* /sys/class/net/vphcN/truth_ns : "PHC(this) - PHC(peer)   raw", both clocks read at the one instant raw */
static ssize_t truth_ns_show(struct device *d, struct device_attribute *a, char *buf)
{
	struct vphc *v = netdev_priv(to_net_dev(d));
	u64 raw = ktime_get_raw_ns();

	return sysfs_emit(buf, "%lld %llu\n", phc_read(v->c, raw) - phc_read(v->peer->c, raw), raw);
}
static DEVICE_ATTR_RO(truth_ns);

static struct attribute *vphc_attrs[] = { &dev_attr_truth_ns.attr, NULL };
static const struct attribute_group vphc_group = { .attrs = vphc_attrs };

/* ---- the wire ---- */

/* The PTP message in a (linear) frame, or NULL. udp: its UDP header, if it has one. Event messages over L2 or IPv4. */
static u8 *ptp_message(struct sk_buff *skb, struct udphdr **udp)
{
	struct ethhdr *eth = (struct ethhdr *)skb->data;
	struct iphdr *ip = (struct iphdr *)(eth + 1);

	*udp = NULL;
	if (skb->len < ETH_HLEN + 44)
		return NULL;
	if (eth->h_proto == htons(ETH_P_1588))
		return (u8 *)(eth + 1);
	if (eth->h_proto == htons(ETH_P_IP) && ip->protocol == IPPROTO_UDP &&
	    skb->len >= ETH_HLEN + ip->ihl * 4 + sizeof(**udp) + 44) {
		*udp = (struct udphdr *)((u8 *)ip + ip->ihl * 4);
		if ((*udp)->dest == htons(319))
			return (u8 *)(*udp + 1);
	}
	return NULL;
}

/* One-step: writes t into the originTimestamp of a Sync without twoStepFlag. False if the frame is none. */
static bool onestep_sync(struct sk_buff *skb, s64 t)
{
	struct timespec64 ts = ns_to_timespec64(t);
	struct udphdr *udp;
	u8 *m = ptp_message(skb, &udp);

	if (!m || (m[0] & 15) != 0 || (m[6] & 2))
		return false;
	put_unaligned_be16((u64)ts.tv_sec >> 32, m + 34);
	put_unaligned_be32(ts.tv_sec, m + 36);
	put_unaligned_be32(ts.tv_nsec, m + 40);
	if (udp)
		udp->check = 0;
	return true;
}

/* One-step: adds the time since the Pdelay_Req to the correctionField of a Pdelay_Resp without twoStepFlag. */
static bool onestep_pdelay(struct sk_buff *skb, s64 residence)
{
	struct udphdr *udp;
	u8 *m = ptp_message(skb, &udp);

	if (!m || (m[0] & 15) != 3 || (m[6] & 2))
		return false;
	put_unaligned_be64(get_unaligned_be64(m + 8) + ((u64)residence << 16), m + 8);
	if (udp)
		udp->check = 0;
	return true;
}

static netdev_tx_t vphc_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vphc *v = netdev_priv(dev), *p = v->peer;
	struct sk_buff *copy = skb_copy(skb, GFP_ATOMIC);
	u64 raw = ktime_get_raw_ns();
	int j = jitter_ns[p->id];
	unsigned int len = skb->len;
	struct udphdr *udp;
	u8 *m = copy ? ptp_message(copy, &udp) : NULL;
	bool is_pdelay_req = m && (m[0] & 15) == 2;

	v->n++;
	if ((skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP) && v->tx_type != HWTSTAMP_TX_OFF) {
		s64 t = quant(v, phc_read(v->c, raw));
		struct skb_shared_hwtstamps h = { .hwtstamp = ns_to_ktime(t) };

		bool written = false;

		if (copy && v->tx_type >= HWTSTAMP_TX_ONESTEP_SYNC)
			written = onestep_sync(copy, t);
		if (copy && !written && v->tx_type == HWTSTAMP_TX_ONESTEP_P2P)
			written = onestep_pdelay(copy, t - v->pdelay_req);
		if (!written) {
			skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
			if (!drop_txts || v->n % drop_txts)
				skb_tstamp_tx(skb, &h);
		}
	}
	skb_tx_timestamp(skb);
	consume_skb(skb);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += len;

	if (!copy || !netif_running(p->dev) || (drop_rx && v->n % drop_rx == 0)) {
		kfree_skb(copy);
		return NETDEV_TX_OK;
	}
	if (__dev_forward_skb(p->dev, copy) != 0)
		return NETDEV_TX_OK;
	if (p->rx_filter != HWTSTAMP_FILTER_NONE) {
		raw += delay_ns[p->id];
		if (j > 0)
			raw += (s64)(get_random_u32() % (2 * j + 1)) - j;
		s64 t = quant(p, phc_read(p->c, raw));

		skb_hwtstamps(copy)->hwtstamp = ns_to_ktime(t);
		if (is_pdelay_req)
			p->pdelay_req = t;
	}
	p->dev->stats.rx_packets++;
	p->dev->stats.rx_bytes += len;
	netif_rx(copy);
	return NETDEV_TX_OK;
}

/* ---- the device ---- */

static int vphc_open(struct net_device *dev)
{
	netif_start_queue(dev);
	return 0;
}

static int vphc_stop(struct net_device *dev)
{
	netif_stop_queue(dev);
	return 0;
}

static void vphc_set_rx_mode(struct net_device *dev)    /* needed to accept multicast addresses; every frame is received anyway */
{
}

static int set_stamping(struct vphc *v, int tx_type, int *rx_filter)
{
	if (tx_type > HWTSTAMP_TX_ONESTEP_P2P)
		return -ERANGE;
	if (rx_filters[v->id] && *rx_filter != HWTSTAMP_FILTER_NONE && !(rx_filters[v->id] & BIT(*rx_filter)))
		return -ERANGE;
	if (!rx_filters[v->id] && *rx_filter != HWTSTAMP_FILTER_NONE)
		*rx_filter = HWTSTAMP_FILTER_ALL;
	v->tx_type = tx_type;
	v->rx_filter = *rx_filter;
	return 0;
}

#if KERNEL_SINCE(6, 6)
static int vphc_hwtstamp_get(struct net_device *dev, struct kernel_hwtstamp_config *c)
{
	struct vphc *v = netdev_priv(dev);

	c->tx_type = v->tx_type;
	c->rx_filter = v->rx_filter;
	return 0;
}

static int vphc_hwtstamp_set(struct net_device *dev, struct kernel_hwtstamp_config *c, struct netlink_ext_ack *x)
{
	return set_stamping(netdev_priv(dev), c->tx_type, &c->rx_filter);
}
#else
static int vphc_eth_ioctl(struct net_device *dev, struct ifreq *ifr, int cmd)
{
	struct vphc *v = netdev_priv(dev);
	struct hwtstamp_config c = { .tx_type = v->tx_type, .rx_filter = v->rx_filter };
	int e;

	if (cmd != SIOCGHWTSTAMP && cmd != SIOCSHWTSTAMP)
		return -EOPNOTSUPP;
	if (cmd == SIOCSHWTSTAMP) {
		if (copy_from_user(&c, ifr->ifr_data, sizeof(c)))
			return -EFAULT;
		e = set_stamping(v, c.tx_type, &c.rx_filter);
		if (e)
			return e;
	}
	return copy_to_user(ifr->ifr_data, &c, sizeof(c)) ? -EFAULT : 0;
}
#endif

static const struct net_device_ops vphc_netdev_ops = {
	.ndo_open = vphc_open,
	.ndo_stop = vphc_stop,
	.ndo_start_xmit = vphc_xmit,
	.ndo_set_rx_mode = vphc_set_rx_mode,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
#if KERNEL_SINCE(6, 6)
	.ndo_hwtstamp_get = vphc_hwtstamp_get,
	.ndo_hwtstamp_set = vphc_hwtstamp_set,
#else
	.ndo_eth_ioctl = vphc_eth_ioctl,
#endif
};

static int vphc_get_ts_info(struct net_device *dev, struct kernel_ethtool_ts_info *i)
{
	struct vphc *v = netdev_priv(dev);

	i->so_timestamping = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
		SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	i->phc_index = ptp_clock_index(v->c->clock);
	i->tx_types = BIT(HWTSTAMP_TX_OFF) | BIT(HWTSTAMP_TX_ON) | BIT(HWTSTAMP_TX_ONESTEP_SYNC) |
		BIT(HWTSTAMP_TX_ONESTEP_P2P);
	i->rx_filters = BIT(HWTSTAMP_FILTER_NONE) | BIT(HWTSTAMP_FILTER_ALL);
	return 0;
}

static int vphc_get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *k)
{
	k->base.speed = SPEED_1000;
	k->base.duplex = DUPLEX_FULL;
	return 0;
}

static const struct ethtool_ops vphc_ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = vphc_get_link_ksettings,
	.get_ts_info = vphc_get_ts_info,
};

static void vphc_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &vphc_netdev_ops;
	dev->ethtool_ops = &vphc_ethtool_ops;
	dev->sysfs_groups[0] = &vphc_group;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
}

/* ---- the module ---- */

static void vphc_exit(void)
{
	int i;

	for (i = 0; i < MAXDEV; i++)
		if (vp[i] && vp[i]->dev->reg_state == NETREG_REGISTERED)
			unregister_netdev(vp[i]->dev);
	for (i = 0; i < MAXDEV; i++)
		if (vp[i]) {
			vp[i]->edge_period = 0;
			hrtimer_cancel(&vp[i]->edge);
		}
	for (i = 0; i < MAXDEV; i++)
		if (vp[i] && vp[i]->clock)
			ptp_clock_unregister(vp[i]->clock);
	for (i = 0; i < MAXDEV; i++)
		if (vp[i])
			free_netdev(vp[i]->dev);
}

static int __init vphc_create(int id, u64 raw, s64 tai)
{
	struct net_device *dev = alloc_netdev(sizeof(struct vphc), "vphc%d", NET_NAME_ENUM, vphc_setup);
	const u8 mac[ETH_ALEN] = { 0x02, 'P', 'H', 'C', 0, id + 1 };
	struct vphc *v;

	if (!dev)
		return -ENOMEM;
	eth_hw_addr_set(dev, mac);
	v = vp[id] = netdev_priv(dev);
	v->dev = dev;
	v->id = id;
	v->c = (phc_of[id] >= 0 && phc_of[id] < id) ? vp[phc_of[id]]->c : v;
	spin_lock_init(&v->lock);
	v->base_raw = raw;
	v->base_phc = tai + start_ns[id];
	v->drift_applied = drift_ppb[id];
	v->info = phc_info;
	snprintf(v->info.name, sizeof(v->info.name), "vphc%d", id);
	snprintf(v->pins[0].name, sizeof(v->pins[0].name), "in");
	snprintf(v->pins[1].name, sizeof(v->pins[1].name), "out");
	v->pins[1].index = 1;
	v->info.pin_config = v->pins;
	hrtimer_init(&v->edge, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	v->edge.function = vphc_edge;
	return 0;
}

static int __init vphc_register(struct vphc *v)
{
	v->peer = vp[v->id ^ 1];
	if (v->c == v) {
		v->clock = ptp_clock_register(&v->info, NULL);
		if (IS_ERR_OR_NULL(v->clock)) {
			v->clock = NULL;
			return -EIO;
		}
	}
	return register_netdev(v->dev);
}

static int __init vphc_init(void)
{
	u64 raw = ktime_get_raw_ns();
	s64 tai = ktime_get_real_ns() + 37 * NSEC_PER_SEC;
	int i, e = 0;

	if (pairs < 1 || pairs > MAXDEV / 2)
		return -EINVAL;
	for (i = 0; i < 2 * pairs && !e; i++)
		e = vphc_create(i, raw, tai);
	for (i = 0; i < 2 * pairs && !e; i++)
		e = vphc_register(vp[i]);
	if (e)
		vphc_exit();
	return e;
}

module_init(vphc_init);
module_exit(vphc_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Virtual Ethernet pairs with PTP hardware clocks (lab)");

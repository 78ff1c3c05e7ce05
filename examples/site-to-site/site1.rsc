# Office 1 of the manual's site-to-site example, with IKEv2. ether1 is outside, ether2 is the office.
/system identity
set name=Office1
/ip address
add address=192.168.90.1/24 interface=ether1
add address=10.1.202.1/24 interface=ether2
/ip route
add gateway=192.168.90.254
/ip ipsec profile
add dh-group=modp2048 enc-algorithm=aes-128 name=ike2-site2
/ip ipsec proposal
add enc-algorithms=aes-128-cbc name=ike2-site2 pfs-group=modp2048
/ip ipsec peer
add address=192.168.80.1/32 exchange-mode=ike2 name=ike2-site2 profile=ike2-site2
/ip ipsec identity
add peer=ike2-site2 secret=thisisnotasecurepsk
/ip ipsec policy
add src-address=10.1.202.0/24 src-port=any dst-address=10.1.101.0/24 dst-port=any tunnel=yes \
    action=encrypt proposal=ike2-site2 peer=ike2-site2

//! Outputs of `ipconfig /all` in several languages and layouts.

use super::*;

pub(in crate::guest::look) const ENGLISH: &str = "\r
Windows IP Configuration\r
\r
   Host Name . . . . . . . . . . . . : WIN-SRV\r
   Primary Dns Suffix  . . . . . . . : \r
   Node Type . . . . . . . . . . . . : Hybrid\r
   IP Routing Enabled. . . . . . . . : No\r
   WINS Proxy Enabled. . . . . . . . : No\r
\r
Ethernet adapter Ethernet0:\r
\r
   Connection-specific DNS Suffix  . : lab\r
   Description . . . . . . . . . . . : vmxnet3 Ethernet Adapter\r
   Physical Address. . . . . . . . . : 00-50-56-00-00-01\r
   DHCP Enabled. . . . . . . . . . . : No\r
   Autoconfiguration Enabled . . . . : Yes\r
   Link-local IPv6 Address . . . . . : fe80::1d2e:1234:5678:9abc%4(Preferred) \r
   IPv4 Address. . . . . . . . . . . : 10.0.0.5(Preferred) \r
   Subnet Mask . . . . . . . . . . . : 255.255.255.0\r
   IPv4 Address. . . . . . . . . . . : 10.0.0.6(Preferred) \r
   Subnet Mask . . . . . . . . . . . : 255.255.255.0\r
   Default Gateway . . . . . . . . . : fe80::1%4\r
                                       10.0.0.1\r
   DHCPv6 IAID . . . . . . . . . . . : 100683862\r
   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-2B-0A-11-22-00-50-56-00-00-01\r
   DNS Servers . . . . . . . . . . . : fd00::2\r
                                       10.0.0.2\r
                                       10.0.0.3\r
   NetBIOS over Tcpip. . . . . . . . : Enabled\r
\r
Ethernet adapter Ethernet1:\r
\r
   Connection-specific DNS Suffix  . : lab\r
   Description . . . . . . . . . . . : vmxnet3 Ethernet Adapter #2\r
   Physical Address. . . . . . . . . : 00-50-56-00-00-02\r
   DHCP Enabled. . . . . . . . . . . : Yes\r
   Autoconfiguration Enabled . . . . : Yes\r
   IPv4 Address. . . . . . . . . . . : 192.168.7.20(Preferred) \r
   Subnet Mask . . . . . . . . . . . : 255.255.255.0\r
   Lease Obtained. . . . . . . . . . : Monday, November 23, 2026 7:01:02 AM\r
   Lease Expires . . . . . . . . . . : Tuesday, November 24, 2026 7:01:02 AM\r
   Default Gateway . . . . . . . . . : \r
   DHCP Server . . . . . . . . . . . : 192.168.7.254\r
   DNS Servers . . . . . . . . . . . : 192.168.7.2\r
   NetBIOS over Tcpip. . . . . . . . : Enabled\r
\r
Tunnel adapter isatap.lab:\r
\r
   Media State . . . . . . . . . . . : Media disconnected\r
   Connection-specific DNS Suffix  . : lab\r
   Description . . . . . . . . . . . : Microsoft ISATAP Adapter\r
   Physical Address. . . . . . . . . : 00-00-00-00-00-00-00-E0\r
   DHCP Enabled. . . . . . . . . . . : No\r
   Autoconfiguration Enabled . . . . : Yes\r
";

pub(in crate::guest::look) const GERMAN: &str = "
Windows-IP-Konfiguration

   Hostname  . . . . . . . . . . . . : WIN-SRV
   Primäres DNS-Suffix . . . . . . . :
   Knotentyp . . . . . . . . . . . . : Hybrid
   IP-Routing aktiviert  . . . . . . : Nein
   WINS-Proxy aktiviert  . . . . . . : Nein

Ethernet-Adapter Ethernet0:

   Verbindungsspezifisches DNS-Suffix:
   Beschreibung. . . . . . . . . . . : vmxnet3 Ethernet Adapter
   Physische Adresse . . . . . . . . : 00-50-56-00-00-01
   DHCP aktiviert. . . . . . . . . . : Nein
   Autokonfiguration aktiviert . . . : Ja
   Verbindungslokale IPv6-Adresse  . : fe80::1d2e:1234:5678:9abc%4(Bevorzugt)
   IPv4-Adresse  . . . . . . . . . . : 10.0.0.5(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   IPv4-Adresse  . . . . . . . . . . : 10.0.0.6(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   Standardgateway . . . . . . . . . : fe80::1%4
                                       10.0.0.1
   DHCPv6-IAID . . . . . . . . . . . : 100683862
   DHCPv6-Client-DUID. . . . . . . . : 00-01-00-01-2B-0A-11-22-00-50-56-00-00-01
   DNS-Server  . . . . . . . . . . . : fd00::2
                                       10.0.0.2
                                       10.0.0.3
   NetBIOS über TCP/IP . . . . . . . : Aktiviert

Ethernet-Adapter Ethernet1:

   Verbindungsspezifisches DNS-Suffix: lab
   Beschreibung. . . . . . . . . . . : vmxnet3 Ethernet Adapter #2
   Physische Adresse . . . . . . . . : 00-50-56-00-00-02
   DHCP aktiviert. . . . . . . . . . : Ja
   Autokonfiguration aktiviert . . . : Ja
   IPv4-Adresse  . . . . . . . . . . : 192.168.7.20(Bevorzugt)
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   Lease erhalten. . . . . . . . . . : Montag, 23. November 2026 07:01:02
   Lease läuft ab. . . . . . . . . . : Dienstag, 24. November 2026 07:01:02
   Standardgateway . . . . . . . . . :
   DHCP-Server . . . . . . . . . . . : 192.168.7.254
   DNS-Server  . . . . . . . . . . . : 192.168.7.2
   NetBIOS über TCP/IP . . . . . . . : Aktiviert
";

pub(in crate::guest::look) const FRENCH: &str = "
Configuration IP de Windows

   Nom de l'hôte . . . . . . . . . . : WIN-SRV
   Suffixe DNS principal . . . . . . :
   Type de noeud. . . . . . . . . .  : Hybride
   Routage IP activé . . . . . . . . : Non
   Proxy WINS activé . . . . . . . . : Non

Carte Ethernet Ethernet0 :

   Suffixe DNS propre à la connexion. . . :
   Description. . . . . . . . . . . . . . : vmxnet3 Ethernet Adapter
   Adresse physique . . . . . . . . . . . : 00-50-56-00-00-01
   DHCP activé. . . . . . . . . . . . . . : Non
   Configuration automatique activée. . . : Oui
   Adresse IPv6 de liaison locale. . . . .: fe80::1d2e:1234:5678:9abc%4(préféré)
   Adresse IPv4. . . . . . . . . . . . . .: 10.0.0.5(préféré)
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Adresse IPv4. . . . . . . . . . . . . .: 10.0.0.6(préféré)
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Passerelle par défaut. . . . . . . . . : fe80::1%4
                                       10.0.0.1
   IAID DHCPv6 . . . . . . . . . . . : 100683862
   DUID de client DHCPv6. . . . . . . . : 00-01-00-01-2B-0A-11-22-00-50-56-00-00-01
   Serveurs DNS. . .  . . . . . . . . . . : fd00::2
                                       10.0.0.2
                                       10.0.0.3
   NetBIOS sur Tcpip. . . . . . . . . . . : Activé

Carte Ethernet Ethernet1 :

   Suffixe DNS propre à la connexion. . . : lab
   Description. . . . . . . . . . . . . . : vmxnet3 Ethernet Adapter #2
   Adresse physique . . . . . . . . . . . : 00-50-56-00-00-02
   DHCP activé. . . . . . . . . . . . . . : Oui
   Configuration automatique activée. . . : Oui
   Adresse IPv4. . . . . . . . . . . . . .: 192.168.7.20(préféré)
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Bail obtenu. . . . . . . . . . . . . . : lundi 23 novembre 2026 07:01:02
   Bail expirant. . . . . . . . . . . . . : mardi 24 novembre 2026 07:01:02
   Passerelle par défaut. . . . . . . . . :
   Serveur DHCP . . . . . . . . . . . . . : 192.168.7.254
   Serveurs DNS. . .  . . . . . . . . . . : 192.168.7.2
   NetBIOS sur Tcpip. . . . . . . . . . . : Activé
";

pub(in crate::guest::look) const JAPANESE: &str = "
Windows IP 構成

   ホスト名. . . . . . . . . . . . . . .: WIN-SRV
   プライマリ DNS サフィックス . . . . .:
   ノード タイプ . . . . . . . . . . . .: ハイブリッド
   IP ルーティング有効 . . . . . . . . .: いいえ
   WINS プロキシ有効 . . . . . . . . . .: いいえ

イーサネット アダプター イーサネット0:

   接続固有の DNS サフィックス . . . . .:
   説明. . . . . . . . . . . . . . . . .: vmxnet3 Ethernet Adapter
   物理アドレス. . . . . . . . . . . . .: 00-50-56-00-00-01
   DHCP 有効 . . . . . . . . . . . . . .: いいえ
   自動構成有効. . . . . . . . . . . . .: はい
   リンクローカル IPv6 アドレス. . . . .: fe80::1d2e:1234:5678:9abc%4(優先)
   IPv4 アドレス . . . . . . . . . . . .: 10.0.0.5(優先)
   サブネット マスク . . . . . . . . . .: 255.255.255.0
   IPv4 アドレス . . . . . . . . . . . .: 10.0.0.6(優先)
   サブネット マスク . . . . . . . . . .: 255.255.255.0
   デフォルト ゲートウェイ . . . . . . .: fe80::1%4
                                          10.0.0.1
   DHCPv6 IAID . . . . . . . . . . . . .: 100683862
   DHCPv6 クライアント DUID. . . . . . .: 00-01-00-01-2B-0A-11-22-00-50-56-00-00-01
   DNS サーバー. . . . . . . . . . . . .: fd00::2
                                          10.0.0.2
                                          10.0.0.3
   NetBIOS over TCP/IP . . . . . . . . .: 有効

イーサネット アダプター イーサネット1:

   接続固有の DNS サフィックス . . . . .: lab
   説明. . . . . . . . . . . . . . . . .: vmxnet3 Ethernet Adapter #2
   物理アドレス. . . . . . . . . . . . .: 00-50-56-00-00-02
   DHCP 有効 . . . . . . . . . . . . . .: はい
   自動構成有効. . . . . . . . . . . . .: はい
   IPv4 アドレス . . . . . . . . . . . .: 192.168.7.20(優先)
   サブネット マスク . . . . . . . . . .: 255.255.255.0
   リース取得. . . . . . . . . . . . . .: 2026年11月23日 7:01:02
   リースの有効期限. . . . . . . . . . .: 2026年11月24日 7:01:02
   デフォルト ゲートウェイ . . . . . . .:
   DHCP サーバー . . . . . . . . . . . .: 192.168.7.254
   DNS サーバー. . . . . . . . . . . . .: 192.168.7.2
   NetBIOS over TCP/IP . . . . . . . . .: 有効
";

pub(in crate::guest::look) const SPANISH: &str = "
Configuración IP de Windows

   Nombre de host. . . . . . . . . : WIN-SRV
   Sufijo DNS principal  . . . . . :
   Tipo de nodo. . . . . . . . . . : híbrido
   Enrutamiento IP habilitado. . . : no
   Proxy WINS habilitado . . . . . : no

Adaptador de Ethernet Ethernet0:

   Sufijo DNS específico para la conexión. . :
   Descripción . . . . . . . . . . . . . . . : vmxnet3 Ethernet Adapter
   Dirección física. . . . . . . . . . . . . : 00-50-56-00-00-01
   DHCP habilitado . . . . . . . . . . . . . : no
   Configuración automática habilitada . . . : sí
   Vínculo: dirección IPv6 local. . . : fe80::1d2e:1234:5678:9abc%4(Preferido)
   Dirección IPv4. . . . . . . . . . . . . . : 10.0.0.5(Preferido)
   Máscara de subred . . . . . . . . . . . . : 255.255.255.0
   Dirección IPv4. . . . . . . . . . . . . . : 10.0.0.6(Preferido)
   Máscara de subred . . . . . . . . . . . . : 255.255.255.0
   Puerta de enlace predeterminada . . . . . : fe80::1%4
                                       10.0.0.1
   IAID DHCPv6 . . . . . . . . . . . . . . . : 100683862
   DUID de cliente DHCPv6. . . . . . . . . . : 00-01-00-01-2B-0A-11-22-00-50-56-00-00-01
   Servidores DNS. . . . . . . . . . . . . . : fd00::2
                                       10.0.0.2
                                       10.0.0.3
   NetBIOS sobre TCP/IP. . . . . . . . . . . : habilitado

Adaptador de Ethernet Ethernet1:

   Sufijo DNS específico para la conexión. . : lab
   Descripción . . . . . . . . . . . . . . . : vmxnet3 Ethernet Adapter #2
   Dirección física. . . . . . . . . . . . . : 00-50-56-00-00-02
   DHCP habilitado . . . . . . . . . . . . . : sí
   Configuración automática habilitada . . . : sí
   Dirección IPv4. . . . . . . . . . . . . . : 192.168.7.20(Preferido)
   Máscara de subred . . . . . . . . . . . . : 255.255.255.0
   Concesión obtenida. . . . . . . . . . . . : lunes, 23 de noviembre de 2026 7:01:02
   La concesión expira . . . . . . . . . . . : martes, 24 de noviembre de 2026 7:01:02
   Puerta de enlace predeterminada . . . . . :
   Servidor DHCP . . . . . . . . . . . . . . : 192.168.7.254
   Servidores DNS. . . . . . . . . . . . . . : 192.168.7.2
   NetBIOS sobre TCP/IP. . . . . . . . . . . : habilitado
";

/// Windows 2003: deeper, without marks behind addresses, with the lease at the end.
const OLD: &str = "
Windows IP Configuration

        Host Name . . . . . . . . . . . . : WIN-2003
        Node Type . . . . . . . . . . . . : Unknown

Ethernet adapter Local Area Connection:

        Connection-specific DNS Suffix  . :
        Description . . . . . . . . . . . : VMware Accelerated AMD PCNet Adapter
        Physical Address. . . . . . . . . : 00-50-56-00-00-01
        DHCP Enabled. . . . . . . . . . . : Yes
        Autoconfiguration Enabled . . . . : Yes
        IP Address. . . . . . . . . . . . : 10.0.0.5
        Subnet Mask . . . . . . . . . . . : 255.255.255.0
        Default Gateway . . . . . . . . . : 10.0.0.1
        DHCP Server . . . . . . . . . . . : 10.0.0.254
        DNS Servers . . . . . . . . . . . : 10.0.0.2
        Lease Obtained. . . . . . . . . . : Monday, November 23, 2026 7:01:02 AM
        Lease Expires . . . . . . . . . . : Tuesday, November 24, 2026 7:01:02 AM
";

#[test]
fn every_language_tells_the_same() {
    // A code page that is no UTF-8 harms the letters of the labels.
    let garbled = JAPANESE.replace(|letter: char| letter > '\u{7f}', "\u{fffd}");
    for text in [ENGLISH, GERMAN, FRENCH, JAPANESE, SPANISH, &garbled] {
        let nics = nics(text).unwrap();
        assert_eq!(nics.len(), 2, "{text}");
        let [by_hand, leased] = [&nics[0], &nics[1]];
        assert_eq!(by_hand.mac.as_deref(), Some("00:50:56:00:00:01"));
        let brief = |nic: &GuestNic| -> Vec<String> {
            let brief = |one: &crate::facts::GuestAddress| {
                format!("{}/{} {:?} {:?}", one.ip, one.prefix_length, one.gateway, one.is_static)
            };
            nic.addresses.iter().map(brief).collect()
        };
        let expected = [5, 6].map(|last| format!("10.0.0.{last}/24 Some(\"10.0.0.1\") Some(true)"));
        assert_eq!(brief(by_hand), expected, "{text}");
        assert_eq!(by_hand.ipv6, ["fe80::1d2e:1234:5678:9abc"], "{text}");
        assert_eq!(by_hand.dns, ["fd00::2", "10.0.0.2", "10.0.0.3"], "{text}");
        assert_eq!(brief(leased), ["192.168.7.20/24 None Some(false)"], "{text}");
        assert_eq!(leased.dns, ["192.168.7.2"], "{text}");
    }
    assert_eq!(nics(ENGLISH).unwrap()[0].name, "Ethernet adapter Ethernet0");
    assert_eq!(nics(FRENCH).unwrap()[1].name, "Carte Ethernet Ethernet1");
}

#[test]
fn the_layout_of_2003() {
    let nics = nics(OLD).unwrap();
    let address = &nics[0].addresses[0];
    assert_eq!((address.gateway.as_deref(), address.is_static), (Some("10.0.0.1"), Some(false)));
    assert_eq!(nics[0].dns, ["10.0.0.2"]);
    let by_hand: Vec<&str> =
        OLD.lines().filter(|line| !line.contains("Lease") && !line.contains("DHCP Server")).collect();
    let nics = super::nics(&by_hand.join("\n")).unwrap();
    assert_eq!(
        (nics[0].addresses[0].gateway.as_deref(), nics[0].addresses[0].is_static),
        (Some("10.0.0.1"), Some(true))
    );
}

#[test]
fn what_is_missing_is_not_made_up() {
    let without = |word: &str| ENGLISH.lines().filter(|line| !line.contains(word)).collect::<Vec<_>>().join("\n");
    // Neither the gateway's line nor its second value: the name servers are no gateway.
    let nics = nics(&without("Gateway").replace("                                       10.0.0.1\n", "")).unwrap();
    assert_eq!(nics[0].addresses[0].gateway, None);
    let nics = super::nics(&without("DHCP")).unwrap();
    assert_eq!(nics[0].addresses[0].is_static, None);
    let linked = ENGLISH.replace("10.0.0.5(", "169.254.9.9(").replace("10.0.0.6(", "169.254.9.8(");
    assert_eq!(super::nics(&linked).unwrap()[0].addresses.len(), 0);
    assert_eq!(super::nics("'ipconfig' is not recognized"), None);
}

#include "unit/pki_kit.h"

const char pki_ca[] = "-----BEGIN CERTIFICATE-----\n"
                      "MIIBRzCB7aADAgECAgMKvAEwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHVGVzdCBD\n"
                      "QTAeFw0yNjAxMDEwMDAwMDBaFw0yNjA0MDEwMDAwMDBaMBIxEDAOBgNVBAMMB1Rl\n"
                      "c3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ5lKm+kNugO8mOl9X4EDp9\n"
                      "Dp613ws+QzwupQWHycMn+Mj7d/JobSm8B9QnWzC7pBoC6acG0SZfkGAUvAVrGtr4\n"
                      "ozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTpDLJgIls/CkjNcuYhrVR/\n"
                      "daDIOjAKBggqhkjOPQQDAgNJADBGAiEA4IL1iS6gI6+YY3eZo9DyBZfYNL8524XS\n"
                      "02ZQV4pQqpICIQCimi9upFfJJS08kAQccZHwuVLANobeOM5ywgHzhl+ZBw==\n"
                      "-----END CERTIFICATE-----\n";

const char pki_other_ca[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBaTCCAQ+gAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                            "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjATMREwDwYDVQQDDAhP\n"
                            "dGhlciBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+D\n"
                            "YD2igPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCR\n"
                            "dTujUzBRMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFHyLPgApJfY8gMTBhk0s\n"
                            "mpawXcuhMB8GA1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6MAoGCCqGSM49\n"
                            "BAMCA0gAMEUCIQCpsxOgvcVxU+sIG/OAkYF5x7JNrQH9Wn/cHpIzxmQZcQIgMZRz\n"
                            "8fbolOw4RE5mWOTTNjuiqRNIGfQDmifNX07aLDs=\n"
                            "-----END CERTIFICATE-----\n";

const char pki_own[] = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBhDCCASmgAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                       "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAzMQ0wCwYDVQQDDARw\n"
                       "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMFkwEwYHKoZI\n"
                       "zj0CAQYIKoZIzj0DAQcDQgAEvcKMbL6tYtOS5zdun4NgPaKA8PG/IKZyKVzE80Fx\n"
                       "drtqQ/zo65tIbX2YVGGjDG8A44o47VzfPbZLiG0tYJF1O6NNMEswCQYDVR0TBAIw\n"
                       "ADAdBgNVHQ4EFgQUfIs+ACkl9jyAxMGGTSyalrBdy6EwHwYDVR0jBBgwFoAU6Qyy\n"
                       "YCJbPwpIzXLmIa1Uf3WgyDowCgYIKoZIzj0EAwIDSQAwRgIhAK8Bscgp2N9WtR37\n"
                       "l/aOu1aobtjOgtqRNcIZeL+tZS6qAiEAoZIWXdUuQKTd+PJ18NEuxhKdoIfUFwfm\n"
                       "ndgND7kAJrQ=\n"
                       "-----END CERTIFICATE-----\n";

const char pki_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                       "MHcCAQEEIB2XUjaMtJxdpKyVRjxEIq2DzaDyec6cMVoG2Z0qS8naoAoGCCqGSM49\n"
                       "AwEHoUQDQgAEvcKMbL6tYtOS5zdun4NgPaKA8PG/IKZyKVzE80FxdrtqQ/zo65tI\n"
                       "bX2YVGGjDG8A44o47VzfPbZLiG0tYJF1Ow==\n"
                       "-----END EC PRIVATE KEY-----\n";

const char pki_soc[] = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBgjCCASegAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                       "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAxMRAwDgYDVQQDDAd3\n"
                       "YXRjaGVyMQwwCgYDVQQLDANzb2MxDzANBgNVBAoMBk1YLVNPQzBZMBMGByqGSM49\n"
                       "AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7\n"
                       "akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCRdTujTTBLMAkGA1UdEwQCMAAw\n"
                       "HQYDVR0OBBYEFHyLPgApJfY8gMTBhk0smpawXcuhMB8GA1UdIwQYMBaAFOkMsmAi\n"
                       "Wz8KSM1y5iGtVH91oMg6MAoGCCqGSM49BAMCA0kAMEYCIQCTbu+IB9OoT59BAYXJ\n"
                       "bMaf8StMe/zImA0q0oOSkPVYogIhAIKuIG6U4IAe22FDMHz0tQnm+0vm2P6QWLOS\n"
                       "lwymkAif\n"
                       "-----END CERTIFICATE-----\n";

const char pki_short_subject[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcTCCARigAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
    "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAiMQ0wCwYDVQQDDARw\n"
    "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n"
    "BL3CjGy+rWLTkuc3bp+DYD2igPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxv\n"
    "AOOKOO1c3z22S4htLWCRdTujTTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFHyLPgAp\n"
    "JfY8gMTBhk0smpawXcuhMB8GA1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6\n"
    "MAoGCCqGSM49BAMCA0cAMEQCIF/bv4kJ4xQZmxsuDe3HfZRJsRkQF6AuOpj8SJTS\n"
    "ImTNAiA1nqZW5/r64mCo94AcKOzGLh+uDYyjWW9p3WjXuATYuQ==\n"
    "-----END CERTIFICATE-----\n";

const char pki_long_subject[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBjzCCATagAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                                "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjBAMQ0wCwYDVQQDDARw\n"
                                "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMQswCQYDVQQG\n"
                                "EwJNWDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL3CjGy+rWLTkuc3bp+DYD2i\n"
                                "gPDxvyCmcilcxPNBcXa7akP86OubSG19mFRhowxvAOOKOO1c3z22S4htLWCRdTuj\n"
                                "TTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFHyLPgApJfY8gMTBhk0smpawXcuhMB8G\n"
                                "A1UdIwQYMBaAFOkMsmAiWz8KSM1y5iGtVH91oMg6MAoGCCqGSM49BAMCA0cAMEQC\n"
                                "IAOz1xS0uGBBrOlYmOQC8k5Qp0qfyZLTUPMst5yY763RAiAy3vZywutf2iwitNbx\n"
                                "kCmKa0UZKXlJ5RJfaG7DGT6baQ==\n"
                                "-----END CERTIFICATE-----\n";

const char pki_p384[] = "-----BEGIN CERTIFICATE-----\n"
                        "MIIBoDCCAUagAwIBAgIDCrwBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
                        "Q0EwHhcNMjYwMTAxMDAwMDAwWhcNMjYwNDAxMDAwMDAwWjAzMQ0wCwYDVQQDDARw\n"
                        "Yy0xMREwDwYDVQQLDAhlbmRwb2ludDEPMA0GA1UECgwGTVgtU0FUMHYwEAYHKoZI\n"
                        "zj0CAQYFK4EEACIDYgAEHtMI3S/YxRfQr2JsYPsTD4cDpzRJVLxASO+sGRlDMxVy\n"
                        "sFLaVjYBHNB+oQabB42ioz5ENK1p6biFechIXvWUmSD3sE30Pera9TWk2KNnome8\n"
                        "XLaRW40wBWY6xNpMQ1UGo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBTNNIKEOB5l\n"
                        "4CPllrfwhxNfVyAUqjAfBgNVHSMEGDAWgBTpDLJgIls/CkjNcuYhrVR/daDIOjAK\n"
                        "BggqhkjOPQQDAgNIADBFAiBsHotGaOWxahn4jcTvcqZqv17jzbkdGZmunRyr99La\n"
                        "7wIhAP2CTTSacu10pInt2Q8YlWL3sh1jLP+W9oEMX1v7AW5c\n"
                        "-----END CERTIFICATE-----\n";

const char pki_p384_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                            "MIGkAgEBBDDSKQIyBmVbwXd8Of7L3wIOzEJdBmQw0sJoJoq3DQs3nkMBbgwi4hc/\n"
                            "GL3GTybLolagBwYFK4EEACKhZANiAAQe0wjdL9jFF9CvYmxg+xMPhwOnNElUvEBI\n"
                            "76wZGUMzFXKwUtpWNgEc0H6hBpsHjaKjPkQ0rWnpuIV5yEhe9ZSZIPewTfQ96tr1\n"
                            "NaTYo2eiZ7xctpFbjTAFZjrE2kxDVQY=\n"
                            "-----END EC PRIVATE KEY-----\n";

const char pki_other_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEICMzAUjrOZgppxS7hFGhOJpdtKm1wP3BWwBYTDp/R4L+oAoGCCqGSM49\n"
                             "AwEHoUQDQgAEOZSpvpDboDvJjpfV+BA6fQ6etd8LPkM8LqUFh8nDJ/jI+3fyaG0p\n"
                             "vAfUJ1swu6QaAumnBtEmX5BgFLwFaxra+A==\n"
                             "-----END EC PRIVATE KEY-----\n";

const char pki_authority[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOZSpvpDboDvJjpfV+BA6fQ6etd8L\n"
                             "PkM8LqUFh8nDJ/jI+3fyaG0pvAfUJ1swu6QaAumnBtEmX5BgFLwFaxra+A==\n"
                             "-----END PUBLIC KEY-----\n";

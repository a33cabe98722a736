// What Java says of a certificate: CertPathValidator with PKIXRevocationChecker, over OCSP or over CRLs alone.
//
//   java Revocation.java OCSP|CRL ROOT ISSUING CERTIFICATE
//
// Prints "good", or "revoked REASON", or "cannot tell: WHY".

import java.io.FileInputStream;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

public class Revocation {
    static X509Certificate read(String file) throws Exception {
        try (var input = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(input);
        }
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("com.sun.security.enableCRLDP", "true");
        var path = CertificateFactory.getInstance("X.509")
            .generateCertPath(List.of(read(arguments[3]), read(arguments[2])));
        var validator = CertPathValidator.getInstance("PKIX");
        var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        var options = EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK);
        // The root tells of its CAs by CRL alone.
        options.add(arguments[0].equals("CRL")
            ? PKIXRevocationChecker.Option.PREFER_CRLS
            : PKIXRevocationChecker.Option.ONLY_END_ENTITY);
        checker.setOptions(options);
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(read(arguments[1]), null)));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(path, parameters);
            System.out.println("good");
        } catch (CertPathValidatorException failure) {
            if (failure.getCause() instanceof CertificateRevokedException revoked) {
                System.out.println("revoked " + revoked.getRevocationReason());
            } else {
                System.out.println("cannot tell: " + failure.getReason() + ": " + failure.getMessage());
            }
        }
    }
}

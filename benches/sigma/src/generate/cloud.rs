//! What clouds and identity providers write about themselves.

use serde_json::json;

use super::pools::USERS;
use super::{Drawn, LogSource, Random};

/// Service and call.
type Call = (&'static str, &'static str);

const CALLS: &[&Call] = &[
    &("sts.amazonaws.com", "AssumeRole"),
    &("ec2.amazonaws.com", "DescribeInstances"),
    &("s3.amazonaws.com", "GetObject"),
    &("logs.amazonaws.com", "CreateLogStream"),
    &("ssm.amazonaws.com", "UpdateInstanceInformation"),
    &("kms.amazonaws.com", "Decrypt"),
];
const BAD_CALLS: &[&Call] = &[
    &("cloudtrail.amazonaws.com", "StopLogging"),
    &("iam.amazonaws.com", "CreateAccessKey"),
    &("iam.amazonaws.com", "UpdateLoginProfile"),
    &("guardduty.amazonaws.com", "CreateIPSet"),
    &("ec2.amazonaws.com", "ModifySnapshotAttribute"),
    &("config.amazonaws.com", "DeleteDeliveryChannel"),
];

pub(super) fn event(random: &mut Random, notable: bool) -> Drawn {
    match random.below(10) {
        0..5 => cloudtrail(random, notable),
        5..7 => activity(random, notable),
        7..8 => sign_in(random, notable),
        _ => okta(random, notable),
    }
}

fn cloudtrail(random: &mut Random, notable: bool) -> Drawn {
    let (source, name) = random.pick(if notable { BAD_CALLS } else { CALLS });
    let user = random.pick(USERS);
    let account = 100_000_000_000 + random.below(899_999_999_999);
    let body = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": if notable { "Root" } else { "AssumedRole" },
            "principalId": format!("AROA{}:{user}", random.hex(16).to_uppercase()),
            "arn": format!("arn:aws:sts::{account}:assumed-role/Engineer/{user}"),
            "accountId": account.to_string(),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": format!("arn:aws:iam::{account}:role/Engineer"),
                    "userName": "Engineer",
                },
                "attributes": { "creationDate": random.time(), "mfaAuthenticated": "false" },
            },
        },
        "eventTime": random.time(),
        "eventSource": source,
        "eventName": name,
        "awsRegion": random.pick(&["eu-central-1", "us-east-1", "us-west-2"]),
        "sourceIPAddress": random.address(),
        "userAgent": random.pick(&["aws-cli/2.24.0 md/awscrt#0.23.8 ua/2.0 os/linux#6.8", "Boto3/1.36.1", "console.amazonaws.com"]),
        "requestParameters": {
            "roleArn": format!("arn:aws:iam::{account}:role/Reader"),
            "filterSet": {},
            "instancesSet": { "items": [{ "instanceId": format!("i-{}", random.hex(17)) }] },
        },
        "responseElements": null,
        "requestID": random.guid(),
        "eventID": random.guid(),
        "readOnly": !notable,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account.to_string(),
        "eventCategory": "Management",
        "tlsDetails": { "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                        "clientProvidedHostHeader": source },
    });
    Drawn {
        body,
        source: LogSource::service("aws", "cloudtrail"),
    }
}

fn activity(random: &mut Random, notable: bool) -> Drawn {
    let operation = if notable {
        random.pick(&[
            "MICROSOFT.AUTHORIZATION/ELEVATEACCESS/ACTION",
            "MICROSOFT.KEYVAULT/VAULTS/DELETE",
            "MICROSOFT.NETWORK/AZUREFIREWALLS/DELETE",
            "MICROSOFT.KUBERNETES/CONNECTEDCLUSTERS/PODS/DELETE",
        ])
    } else {
        random.pick(&[
            "MICROSOFT.COMPUTE/VIRTUALMACHINES/READ",
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
            "MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE",
        ])
    };
    let user = random.pick(USERS);
    let subscription = random.guid();
    let body = json!({
        "time": random.time(),
        "resourceId": format!("/SUBSCRIPTIONS/{subscription}/RESOURCEGROUPS/PROD/PROVIDERS/X"),
        "operationName": operation,
        "category": "Administrative",
        "resultType": "Success",
        "resultSignature": "Succeeded.",
        "durationMs": random.below(3000),
        "callerIpAddress": random.address(),
        "correlationId": random.guid(),
        "identity": {
            "authorization": { "scope": format!("/subscriptions/{subscription}"), "action": operation },
            "claims": { "aud": "https://management.core.windows.net/", "name": user,
                        "appid": random.guid(), "ipaddr": random.address() },
        },
        "level": "Information",
        "properties": { "message": operation, "entity": "X", "hierarchy": random.guid() },
        "Status": "Succeeded",
        "tenantId": random.guid(),
    });
    Drawn {
        body,
        source: LogSource::service("azure", "activitylogs"),
    }
}

fn sign_in(random: &mut Random, notable: bool) -> Drawn {
    let user = random.pick(USERS);
    let body = json!({
        "CreatedDateTime": random.time(),
        "Category": "SignInLogs",
        "OperationName": "Sign-in activity",
        "UserPrincipalName": format!("{user}@corp.example.com"),
        "AppDisplayName": if notable { "Azure AD PowerShell" } else { "Office 365 Exchange Online" },
        "AppId": random.guid(),
        "IPAddress": random.address(),
        "ClientAppUsed": if notable { "IMAP" } else { "Browser" },
        "AuthenticationRequirement": if notable { "singleFactorAuthentication" } else { "multiFactorAuthentication" },
        "ConditionalAccessStatus": if notable { "failure" } else { "success" },
        "ResultType": if notable { 50053 } else { 0 },
        "ResultDescription": if notable { "Account is locked" } else { "" },
        "DeviceDetail": { "deviceId": random.guid(), "operatingSystem": "Windows10",
                          "browser": "Edge 133.0", "trusttype": if notable { "" } else { "Azure AD joined" } },
        "Location": { "city": "Graz", "countryOrRegion": "AT" },
        "RiskEventType": if notable { "unfamiliarFeatures" } else { "" },
        "ResourceDisplayName": "Windows Azure Active Directory",
        "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    });
    Drawn {
        body,
        source: LogSource::service("azure", "signinlogs"),
    }
}

fn okta(random: &mut Random, notable: bool) -> Drawn {
    let kind = if notable {
        random.pick(&[
            "user.account.privilege.grant",
            "system.api_token.create",
            "policy.lifecycle.delete",
            "user.mfa.factor.deactivate",
            "application.policy.sign_on.deny_access",
        ])
    } else {
        random.pick(&[
            "user.session.start",
            "user.authentication.sso",
            "policy.evaluate_sign_on",
        ])
    };
    let user = random.pick(USERS);
    let login = format!("{user}@corp.example.com");
    let body = json!({
        "uuid": random.guid(),
        "published": random.time(),
        "eventType": kind,
        "version": "0",
        "severity": if notable { "WARN" } else { "INFO" },
        "legacyEventType": "core.user_auth.login_success",
        "displayMessage": "User login to Okta",
        "actor": { "id": format!("00u{}", random.hex(17)), "type": "User", "alternateId": login,
                   "displayName": user, "detailEntry": null },
        "client": {
            "userAgent": { "rawUserAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
                           "os": "Mac OS X", "browser": "CHROME" },
            "zone": "null", "device": "Computer", "ipAddress": random.address(),
            "geographicalContext": { "city": "Lyon", "country": "France", "postalCode": "69001",
                                     "geolocation": { "lat": 45.75, "lon": 4.85 } },
        },
        "outcome": { "result": if notable { "FAILURE" } else { "SUCCESS" }, "reason": null },
        "target": [{ "id": random.hex(20), "type": "AppInstance", "alternateId": "Portal",
                     "displayName": "Portal" }],
        "transaction": { "type": "WEB", "id": random.hex(24), "detail": {} },
        "debugContext": { "debugData": { "requestUri": "/idp/idx/challenge/answer",
                          "behaviors": "{New Geo-Location=NEGATIVE, New Device=NEGATIVE}",
                          "threatSuspected": "false", "url": "/idp/idx/challenge/answer?" } },
        "authenticationContext": { "authenticationStep": 0, "externalSessionId": random.hex(25) },
        "securityContext": { "asNumber": 64_512, "asOrg": "example", "isProxy": notable },
    });
    Drawn {
        body,
        source: LogSource::service("okta", "okta"),
    }
}
